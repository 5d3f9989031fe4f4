package dev.anneal.jobs.tokenize.output;

import dev.anneal.core.data.ShardManifest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** What differs between what shards were made of and what is asked for, in words. Stateless. */
final class OriginChanges {
  private static final int MAX_INPUTS = 5;

  private OriginChanges() {}

  static List<String> between(ShardManifest.Origin made, ShardManifest.Origin wanted) {
    List<String> changes = new ArrayList<>();
    if (!made.tokenizerHash().equals(wanted.tokenizerHash())) {
      changes.add("another tokenizer");
    }
    if (!made.templateHash().equals(wanted.templateHash())) {
      changes.add("another chat template");
    }
    TreeSet<String> keys = new TreeSet<>(made.options().keySet());
    keys.addAll(wanted.options().keySet());
    for (String key : keys) {
      String before = made.options().getOrDefault(key, "absent");
      String now = wanted.options().getOrDefault(key, "absent");
      if (!before.equals(now)) {
        changes.add(key + " " + before + " (now " + now + ")");
      }
    }
    changes.addAll(inputs(made.inputs(), wanted.inputs()));
    return changes;
  }

  private static List<String> inputs(
      List<ShardManifest.Input> made, List<ShardManifest.Input> wanted) {
    if (made.equals(wanted)) {
      return List.of();
    }
    List<String> changes = new ArrayList<>();
    Map<String, ShardManifest.Input> before = byName(made);
    Map<String, ShardManifest.Input> now = byName(wanted);
    for (Map.Entry<String, ShardManifest.Input> entry : now.entrySet()) {
      ShardManifest.Input old = before.remove(entry.getKey());
      if (old == null) {
        changes.add("new input " + entry.getKey());
      } else if (old.files() != entry.getValue().files()) {
        changes.add(
            "input %s had %d files (now %d)"
                .formatted(entry.getKey(), old.files(), entry.getValue().files()));
      } else if (old.bytes() != entry.getValue().bytes()) {
        changes.add(
            "input %s had %d bytes (now %d)"
                .formatted(entry.getKey(), old.bytes(), entry.getValue().bytes()));
      } else if (!old.equals(entry.getValue())) {
        changes.add("input " + entry.getKey() + " was modified since");
      }
    }
    before.keySet().forEach(name -> changes.add("input " + name + " is gone"));
    if (changes.isEmpty()) {
      changes.add("inputs in another order");
    }
    if (changes.size() > MAX_INPUTS) {
      int more = changes.size() - MAX_INPUTS;
      changes.subList(MAX_INPUTS, changes.size()).clear();
      changes.add(more + " more inputs changed");
    }
    return changes;
  }

  private static Map<String, ShardManifest.Input> byName(List<ShardManifest.Input> inputs) {
    Map<String, ShardManifest.Input> byName = new LinkedHashMap<>();
    for (ShardManifest.Input input : inputs) {
      byName.put(input.input() + ":" + input.path(), input);
    }
    return byName;
  }
}
