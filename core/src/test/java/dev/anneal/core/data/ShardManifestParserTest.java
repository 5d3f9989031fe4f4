package dev.anneal.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ShardManifestParserTest {

  @Test
  void readsBackWhatItWrote() {
    ShardManifest manifest = manifest();
    String json = ShardManifestParser.toJson(manifest);
    assertThat(ShardManifestParser.fromJson(json)).isEqualTo(manifest);
    assertThat(ShardManifestParser.toJson(manifest)).isEqualTo(json);
  }

  @Test
  void namesTheKeyThatIsMissingOrWrong() {
    String json = ShardManifestParser.toJson(manifest());
    assertThatThrownBy(() -> ShardManifestParser.fromJson(json.replace("\"shards\"", "\"shrads\"")))
        .hasMessage("Cannot find key: shards");
    assertThatThrownBy(
            () -> ShardManifestParser.fromJson(json.replace("\"version\" : 1", "\"version\" : 9")))
        .hasMessage("Unsupported manifest version: 9 (supported: 1)");
    assertThatThrownBy(
            () ->
                ShardManifestParser.fromJson(json.replaceFirst("\"rows\" : 3", "\"rows\" : \"x\"")))
        .hasMessage("Invalid rows: \"x\" (must be a number)");
    assertThatThrownBy(
            () -> ShardManifestParser.fromJson(json.replaceFirst("\"rows\" : 3", "\"rows\" : 4")))
        .hasMessageContaining("Invalid counts");
  }

  @Test
  void hashesContentAndOptions() {
    ShardManifest manifest = manifest();
    assertThat(manifest.contentHash()).hasSize(64).isEqualTo(manifest().contentHash());
    assertThat(manifest.origin().optionsHash()).hasSize(64);
  }

  @Test
  void keepsEveryFileOfOtherFormats() {
    ShardManifest arrow = manifest();
    ShardManifest.Counts counts = new ShardManifest.Counts(3, 50, 47);
    ShardManifest.Output megatron =
        new ShardManifest.Output(
            "megatron",
            List.of(
                new ShardManifest.Shard("megatron/a.bin", counts, 100, "aa"),
                new ShardManifest.Shard("megatron/a.idx", ShardManifest.Counts.ZERO, 9, "bb")));
    ShardManifest both =
        ShardManifest.of(
            "0.1.0", arrow.columns(), arrow.shards(), List.of(megatron), arrow.origin());
    String json = ShardManifestParser.toJson(both);
    assertThat(ShardManifestParser.fromJson(json)).isEqualTo(both);
    assertThat(both.counts()).isEqualTo(arrow.counts());
    assertThat(both.contentHash()).isEqualTo(arrow.contentHash());
    assertThat(both.files()).hasSize(4).endsWith(megatron.files().get(1));
    assertThat(ShardManifestParser.toJson(arrow)).doesNotContain("outputs");

    ShardManifest alone =
        ShardManifest.of("0.1.0", arrow.columns(), List.of(), List.of(megatron), arrow.origin());
    assertThat(alone.counts()).isEqualTo(counts);
    assertThat(ShardManifestParser.fromJson(ShardManifestParser.toJson(alone))).isEqualTo(alone);
    assertThatThrownBy(
            () ->
                ShardManifestParser.fromJson(
                    json.replace("\"outputs\" : [", "\"outputs\" : 1, \"x\" : [")))
        .hasMessage("Invalid outputs: must be a list");
  }

  @Test
  void keepsVeryManyFilesOfAnInputAsOneHash() {
    ShardManifest.Input one = new ShardManifest.Input("in", "a b.jsonl", 12, 5);
    ShardManifest.Input two = new ShardManifest.Input("in", "语.jsonl", 30, 4);
    ShardManifest.Input all = ShardManifest.Input.of("in", List.of(one, two));
    // printf 'a b.jsonl 12 5\n语.jsonl 30 4\n' | sha256sum
    assertThat(all)
        .isEqualTo(
            new ShardManifest.Input(
                "in",
                "",
                42,
                5,
                2,
                "eefd0bd50b31470a9238c981688d5ca6c4c82d88a83d98c4141b29b9e673534f"));
    ShardManifest made = manifest();
    ShardManifest.Origin origin = new ShardManifest.Origin("t", "c", Map.of(), List.of(all, one));
    ShardManifest many = ShardManifest.of("0.1.0", made.columns(), made.shards(), origin);
    String json = ShardManifestParser.toJson(many);
    assertThat(ShardManifestParser.fromJson(json)).isEqualTo(many);
    assertThat(ShardManifestParser.toJson(made)).doesNotContain("\"files\"");
  }

  private static ShardManifest manifest() {
    return ShardManifest.of(
        "0.1.0",
        List.of("input_ids", "labels"),
        List.of(
            new ShardManifest.Shard("a", new ShardManifest.Counts(1, 20, 5), 100, "aa"),
            new ShardManifest.Shard("b", new ShardManifest.Counts(2, 30, 6), 200, "bb")),
        new ShardManifest.Origin(
            "t",
            "c",
            Map.of("block_size", "2048", "mask", "all_turns"),
            List.of(new ShardManifest.Input("语料 1", "a b.jsonl", 12, 1700000000000L))));
  }
}
