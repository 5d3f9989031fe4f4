package dev.anneal.core.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.DType;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.io.LocalFileStore;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointReaderTest {
  @TempDir private Path temporary;
  private final LocalFileStore disk = new LocalFileStore();
  private String folder;

  @BeforeEach
  void folder() {
    folder = temporary.resolve("checkpoints").toString();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 46, 50})
  void givesTheSameValuesWhateverTheWorldSizeThatWrote(int worldSize) throws IOException {
    Checkpoint saved = new Ranks(disk, folder, worldSize).save(10, "a");

    try (CheckpointReader reader = CheckpointReader.open(disk, saved.folder())) {
      assertThat(reader.manifest().worldSize()).isEqualTo(worldSize);
      for (StateKind kind : Ranks.KINDS) {
        for (String parameter : Ranks.PARAMETERS.keySet()) {
          int elements = (int) Ranks.PARAMETERS.get(parameter).elements();
          assertRead(reader, kind, parameter, 0, elements);
        }
      }
    }
  }

  @Property(tries = 100)
  void givesAnyRangeInAnyOrder(
      @ForAll @IntRange(min = 0, max = 34) int from, @ForAll @IntRange(min = 0, max = 35) int end)
      throws IOException {
    Path path = java.nio.file.Files.createTempDirectory("ranges");
    try (CheckpointReader reader =
        new CheckpointReader(disk, new Ranks(disk, path.toString(), 4).save(1, "a"))) {
      int length = Math.max(0, end - from);
      assertRead(reader, Ranks.KINDS.get(2), "layers.0.lora_A.weight", from, length);
      assertRead(reader, StateKind.PARAMETERS, "layers.0.lora_A.weight", from, length);
    } finally {
      disk.delete(path.toString());
    }
  }

  @Test
  void refusesWhatIsNotThere() throws IOException {
    Checkpoint saved = new Ranks(disk, folder, 2).save(10, "a");
    try (CheckpointReader reader = new CheckpointReader(disk, saved)) {
      assertThatThrownBy(
              () -> reader.read(StateKind.PARAMETERS, "other", 0, FloatBuffer.allocate(1)))
          .hasMessage("Cannot read other: not in the checkpoint");
      assertThatThrownBy(
              () -> reader.read(StateKind.PARAMETERS, "norm.参数", 10, FloatBuffer.allocate(2)))
          .hasMessage("Invalid range of norm.参数: [10, 12) of [11]");
    }
  }

  @Test
  void filesAreSafetensorsOfThreeFlatTensors() throws IOException {
    Checkpoint saved = new Ranks(disk, folder, 2).save(10, "a");
    RankFile file = saved.manifest().files().get(1);

    try (SafetensorsReader reader =
        SafetensorsReader.openFile(Path.of(saved.folder(), file.name()))) {
      assertThat(reader.tensors()).containsOnlyKeys("parameters", "first_moment", "second_moment");
      assertThat(reader.info("first_moment").dtype()).isEqualTo(DType.F32);
      assertThat(reader.map("first_moment").getFloat(0)).isEqualTo(1010 + 23 / 100f);
    }
  }

  @Test
  void refusesAResumeWithOtherSettingsAndListsThemAll() throws IOException {
    Checkpoint saved = new Ranks(disk, folder, 1).save(10, "a");

    ResumeCheck.requireSame(saved, Map.of("learning_rate", "1.0E-4", "seed", "42"));
    ResumeCheck.requireSame(
        saved, Map.of("learning_rate", "1.0E-4", "seed", "42", ResumeCheck.PRODUCTS, "blas"));
    assertThatThrownBy(() -> ResumeCheck.requireSame(saved, Map.of("seed", "43", "max_steps", "9")))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Cannot resume from "
                + folder
                + "/step-000010: 3 settings differ: learning_rate: 1.0E-4 in the checkpoint,"
                + " absent now; max_steps: absent in the checkpoint, 9 now; seed: 42 in the"
                + " checkpoint, 43 now (set them back, or start a new run in another"
                + " train.output_dir)");
  }

  private static void assertRead(
      CheckpointReader reader, StateKind kind, String parameter, int offset, int length)
      throws IOException {
    FloatBuffer values = FloatBuffer.allocate(length);
    reader.read(kind, parameter, offset, values);
    assertThat(values.hasRemaining()).isFalse();
    for (int i = 0; i < length; i++) {
      long step = reader.manifest().step();
      assertThat(values.get(i)).isEqualTo(Ranks.value(kind, step, parameter, offset + i));
    }
  }

  @Test
  void restoresAnEmptyShardOfARankThatOwnsNothing() throws IOException {
    RankFile nothing =
        new RankCheckpointWriter(disk, folder)
            .write(
                new RankShard(
                    3, 1, 2, "a", 0, List.of(), Map.of(StateKind.PARAMETERS, sink -> {})));

    assertThat(nothing.elements()).isZero();
    assertThat(RankFile.fromJson(nothing.toJson())).isEqualTo(nothing);
  }
}
