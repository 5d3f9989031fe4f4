package dev.anneal.core.export;

import dev.anneal.core.export.LoraFolder.Pair;
import dev.anneal.core.format.Shape;
import dev.anneal.core.format.TensorSource;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * LoRA adapters of one base as one adapter of scaling 1, as PEFT's {@code add_weighted_adapter}
 * makes it; the base is not needed. At a module that only some of them adapt, those count. Modules
 * that one of them trains whole are taken as they are. Owns the opened files and its program; one
 * thread.
 */
public final class CombinedAdapter implements AutoCloseable {
  private final TensorScope scope = new TensorScope();
  private final TensorRuntime runtime;
  private final CombinationPlan plan;
  private final Program program;

  /** An adapter, and what its change is multiplied by. */
  public record Part(AdapterFolder folder, double weight) {}

  /** A module's two matrices. */
  private record Matrices(Tensor a, Tensor b) {}

  private CombinedAdapter(TensorRuntime runtime, CombinationPlan plan) {
    this.runtime = runtime;
    this.plan = scope.own(plan);
    String text = Program.source(CombinedAdapter.class, "combine.torchscript");
    this.program = scope.own(Program.compile(runtime, List.of(text)));
  }

  /**
   * Opens the parts and compares them.
   *
   * @param svdRank of {@link Combination#SVD}; 0 takes the largest of the parts
   * @throws dev.anneal.core.config.ConfigException for parts that cannot be combined
   */
  public static CombinedAdapter open(
      TensorRuntime runtime, List<Part> parts, Combination how, int svdRank) {
    return new CombinedAdapter(runtime, CombinationPlan.of(runtime, parts, how, svdRank));
  }

  /** The combination that is made: of one adapter {@link Combination#LINEAR}, as PEFT has it. */
  public Combination how() {
    return plan.how();
  }

  public int rank() {
    return plan.rank();
  }

  /** Of the parts, {@code base_model_name_or_path}; empty where none says it. */
  public List<String> baseModels() {
    return plan.baseModels();
  }

  /** Writes the folder's two files; the config comes last. */
  public void write(FileStore store, String folder, String baseModel) throws IOException {
    AdapterFiles files = new AdapterFiles(store, folder);
    List<TensorSource> tensors = new ArrayList<>();
    try (TensorScope made = new TensorScope()) {
      for (String module : plan.modules()) {
        Pair names = plan.parts(module).get(0).pair();
        Matrices matrices = combined(module, made);
        tensors.add(
            AdapterFiles.source(names.a(), Shape.of(plan.rank(), names.in()), matrices.a()));
        tensors.add(
            AdapterFiles.source(names.b(), Shape.of(names.out(), plan.rank()), matrices.b()));
      }
      for (LoraFolder part : plan.folders()) {
        part.whole()
            .forEach(
                (name, shape) ->
                    tensors.add(
                        AdapterFiles.source(
                            name, shape, made.own(part.open(name, shape.toArray())))));
      }
      files.writeTensors(tensors);
    }
    files.writeConfig("LORA", baseModel, CombinedConfig.of(plan));
  }

  private Matrices combined(String module, TensorScope made) {
    try (TensorScope opened = new TensorScope()) {
      List<CombinationPlan.Weighted> parts = plan.parts(module);
      Matrices matrices =
          switch (plan.how()) {
            case LINEAR -> summed(parts, opened);
            case CAT -> stacked(parts, opened);
            case SVD -> truncated(stacked(parts, opened), opened);
          };
      Pair names = parts.get(0).pair();
      return new Matrices(
          made.own(padded(matrices.a(), plan.rank(), names.in())),
          made.own(padded(matrices.b(), names.out(), plan.rank())));
    }
  }

  /** The sign of a factor stands at A alone. */
  private Matrices summed(List<CombinationPlan.Weighted> parts, TensorScope opened) {
    double[] atA = factors(parts);
    double[] atB = atA.clone();
    for (int i = 0; i < atA.length; i++) {
      atB[i] = Math.sqrt(Math.abs(atA[i]));
      atA[i] = Math.copySign(atB[i], atA[i]);
    }
    try (Tensor factorsA = runtime.doubles(atA, atA.length);
        Tensor factorsB = runtime.doubles(atB, atB.length)) {
      return new Matrices(
          opened.own(program.call("weighted").list(as(parts, opened)).tensor(factorsA).one()),
          opened.own(program.call("weighted").list(bs(parts, opened)).tensor(factorsB).one()));
    }
  }

  private Matrices stacked(List<CombinationPlan.Weighted> parts, TensorScope opened) {
    double[] ones = new double[parts.size()];
    Arrays.fill(ones, 1);
    return new Matrices(
        stacked(as(parts, opened), factors(parts), 0, opened),
        stacked(bs(parts, opened), ones, 1, opened));
  }

  private Tensor stacked(List<Tensor> parts, double[] factors, long dim, TensorScope opened) {
    try (Tensor times = runtime.doubles(factors, factors.length);
        Tensor along = runtime.longs(new long[] {dim}, 1)) {
      return opened.own(program.call("stacked").list(parts).tensor(times).tensor(along).one());
    }
  }

  private Matrices truncated(Matrices sum, TensorScope opened) {
    try (Tensor rank = runtime.longs(new long[] {plan.rank()}, 1)) {
      List<Tensor> made =
          program.call("truncated").tensor(sum.a()).tensor(sum.b()).tensor(rank).run();
      made.forEach(opened::own);
      return new Matrices(made.get(0), made.get(1));
    }
  }

  private Tensor padded(Tensor matrix, long rows, long columns) {
    try (Tensor below = runtime.longs(new long[] {rows}, 1);
        Tensor right = runtime.longs(new long[] {columns}, 1)) {
      return program.call("padded").tensor(matrix).tensor(below).tensor(right).one();
    }
  }

  private static double[] factors(List<CombinationPlan.Weighted> parts) {
    return parts.stream().mapToDouble(CombinationPlan.Weighted::factor).toArray();
  }

  private static List<Tensor> as(List<CombinationPlan.Weighted> parts, TensorScope opened) {
    return parts.stream().map(part -> opened.own(part.openA())).toList();
  }

  private static List<Tensor> bs(List<CombinationPlan.Weighted> parts, TensorScope opened) {
    return parts.stream().map(part -> opened.own(part.openB())).toList();
  }

  /**
   * How far the changes that a folder describes are from the weighted sum of the parts' changes:
   * the length of the difference by that of the sum, over all modules; 0 where both are 0.
   */
  public double distance(AdapterFolder written) {
    double difference = 0;
    double sum = 0;
    try (LoraFolder result = LoraFolder.open(runtime, written)) {
      for (String module : plan.modules()) {
        try (TensorScope opened = new TensorScope()) {
          Matrices parts = stacked(plan.parts(module), opened);
          CombinationPlan.Weighted made =
              new CombinationPlan.Weighted(
                  result, result.pairs().get(module), -result.method().settings().scaling(module));
          List<Tensor> both = new ArrayList<>(List.of(parts.a(), opened.own(made.openA())));
          Tensor a = stacked(both, new double[] {1, made.factor()}, 0, opened);
          both = List.of(parts.b(), opened.own(made.openB()));
          Tensor b = stacked(both, new double[] {1, 1}, 1, opened);
          difference += squared(new Matrices(a, b));
          sum += squared(parts);
        }
      }
    }
    return difference <= 0 ? 0 : Math.sqrt(difference / sum);
  }

  private double squared(Matrices matrices) {
    try (Tensor square = program.call("squared").tensor(matrices.a()).tensor(matrices.b()).one()) {
      return square.toDoubles()[0];
    }
  }

  @Override
  public void close() {
    scope.close();
  }
}
