package dev.anneal.core.model.weights;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.DType;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.config.WeightSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Compares the tensors of a model folder with what its config demands, all findings in one error.
 */
final class WeightCheck {
  private static final int SHOWN = 5;
  private static final Set<DType> READABLE = Set.of(DType.F32, DType.F16, DType.BF16);

  private final DecoderConfig config;
  private final Map<String, TensorInfo> tensors;
  private final List<String> missing = new ArrayList<>();
  private final List<String> wrong = new ArrayList<>();

  private WeightCheck(DecoderConfig config, Map<String, TensorInfo> tensors) {
    this.config = config;
    this.tensors = tensors;
  }

  static void check(DecoderConfig config, Map<String, TensorInfo> tensors, String source) {
    WeightCheck check = new WeightCheck(config, tensors);
    check.compare();
    List<String> findings = new ArrayList<>();
    describe("missing", check.missing, findings);
    describe("with another shape or dtype", check.wrong, findings);
    if (!findings.isEmpty()) {
      throw new ConfigException(
          "Cannot load weights of "
              + source
              + ": "
              + String.join("; ", findings)
              + " (model.path: does config.json belong to these weights?)");
    }
  }

  private void compare() {
    for (WeightSpec weight : WeightNames.expected(config)) {
      TensorInfo tensor = tensors.get(weight.name());
      if (tensor == null) {
        missing.add(weight.name());
      } else if (!tensor.shape().equals(weight.shape())) {
        wrong.add(weight.name() + " " + tensor.shape() + " (expected " + weight.shape() + ")");
      } else if (!READABLE.contains(tensor.dtype())) {
        wrong.add(weight.name() + " " + tensor.dtype() + " (expected F32, F16 or BF16)");
      }
    }
  }

  private static void describe(String what, List<String> names, List<String> findings) {
    if (!names.isEmpty()) {
      findings.add(names.size() + " " + what + ": " + some(names));
    }
  }

  /** The first few of them. */
  static String some(List<String> names) {
    String shown = String.join(", ", names.subList(0, Math.min(SHOWN, names.size())));
    return names.size() > SHOWN ? shown + ", ..." : shown;
  }
}
