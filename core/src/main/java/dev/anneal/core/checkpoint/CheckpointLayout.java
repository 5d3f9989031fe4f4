package dev.anneal.core.checkpoint;

import dev.anneal.core.io.FileStore;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names of a checkpoint's folder and files. */
final class CheckpointLayout {
  static final String MANIFEST = "manifest.json";

  private static final Pattern STEP = Pattern.compile("step-(\\d{6,18})");
  private static final Pattern ATTEMPT = Pattern.compile("[A-Za-z0-9_-]{1,64}");

  private CheckpointLayout() {}

  static String stepFolder(String checkpoints, long step) {
    return FileStore.join(checkpoints, String.format(Locale.ROOT, "step-%06d", step));
  }

  static OptionalLong step(String folderName) {
    Matcher matcher = STEP.matcher(folderName);
    return matcher.matches()
        ? OptionalLong.of(Long.parseLong(matcher.group(1)))
        : OptionalLong.empty();
  }

  static String rankFile(int rank, int worldSize, String attempt) {
    if (!ATTEMPT.matcher(attempt).matches()) {
      throw new IllegalArgumentException(
          "Invalid attempt: '" + attempt + "' (must be 1 to 64 of A-Z a-z 0-9 _ -)");
    }
    return String.format(Locale.ROOT, "rank-%05d-of-%05d.%s.safetensors", rank, worldSize, attempt);
  }
}
