package dev.anneal.data.shard.mds;

import dev.anneal.core.data.ShardColumns;
import dev.anneal.core.data.ShardManifest;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a shard says of itself, as JSON with the spacing and order of Python's {@code
 * json.dumps(..., sort_keys=True)}, so that our files are byte for byte those of MosaicML's writer.
 *
 * @param limitBytes most bytes of a file
 */
record MdsSettings(ShardColumns columns, long limitBytes) {
  /** The columns in the order of their names, as they lie in a row. */
  List<String> names() {
    return columns.names().stream().sorted().toList();
  }

  /** The settings that stand in the shard itself. */
  String json() {
    return "{%s, \"size_limit\": %d, \"version\": 2}".formatted(columnSettings(), limitBytes);
  }

  /** A shard's entry in {@code index.json}: the settings, and its file. */
  String indexEntry(ShardManifest.Shard shard) {
    String name = shard.file().substring(shard.file().lastIndexOf('/') + 1);
    String file =
        "\"raw_data\": {\"basename\": \"%s\", \"bytes\": %d, \"hashes\": {\"sha256\": \"%s\"}}"
            .formatted(name, shard.bytes(), shard.sha256());
    return "{%s, %s, \"samples\": %d, \"size_limit\": %d, \"version\": 2, \"zip_data\": null}"
        .formatted(columnSettings(), file, shard.counts().rows(), limitBytes);
  }

  private String columnSettings() {
    String encodings = list(names().stream().map(MdsSettings::encoding).toList());
    String sizes = names().stream().map(name -> "null").collect(Collectors.joining(", "));
    return ("\"column_encodings\": [%s], \"column_names\": [%s], \"column_sizes\": [%s], "
            + "\"compression\": null, \"format\": \"mds\", \"hashes\": [\"sha256\"]")
        .formatted(encodings, list(names()), sizes);
  }

  private static String encoding(String name) {
    return name.equals(ShardColumns.ATTENTION_MASK) ? "ndarray:int8" : "ndarray:int32";
  }

  private static String list(List<String> values) {
    return values.stream().map(value -> '"' + value + '"').collect(Collectors.joining(", "));
  }
}
