package dev.anneal.core.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalFileStoreTest {
  @TempDir private Path temporary;
  private final LocalFileStore store = new LocalFileStore();
  private String folder;

  @BeforeEach
  void folderWithSpacesAndChinese() {
    folder = temporary.resolve("a folder 目录").toString();
  }

  @Test
  void makesParentFoldersAndShowsTheFileAtClose() throws IOException {
    String path = FileStore.join(folder, "deep/文件.txt");

    try (OutputStream out = store.create(path)) {
      out.write("内容".getBytes(StandardCharsets.UTF_8));
      assertThat(store.exists(path)).isFalse();
    }

    assertThat(new String(store.readBytes(path), StandardCharsets.UTF_8)).isEqualTo("内容");
    assertThat(names(FileStore.join(folder, "deep"))).containsExactly("文件.txt");
  }

  @Test
  void replacesAFileAsAWhole() throws IOException {
    String path = FileStore.join(folder, "x");
    store.writeBytes(path, new byte[200_000]);
    store.writeBytes(path, new byte[] {1, 2});

    assertThat(store.readBytes(path)).containsExactly(1, 2);
  }

  @Test
  void keepsTheOldFileWhenTheBodyFails() throws IOException {
    String path = FileStore.join(folder, "x");
    store.writeBytes(path, new byte[] {7});

    assertThatThrownBy(
            () ->
                store.write(
                    path,
                    out -> {
                      out.write(new byte[100_000]);
                      throw new IOException("the source broke");
                    }))
        .hasMessage("the source broke");

    assertThat(store.readBytes(path)).containsExactly(7);
    assertThat(names(folder)).containsExactly("x");
  }

  @Test
  void listsInByteOrderOfTheNames() throws IOException {
    for (String name : List.of("b", "a", "Z", "ä", "a.b", "a-b")) {
      store.writeBytes(FileStore.join(folder, name), new byte[name.length()]);
    }
    store.writeBytes(FileStore.join(folder, "sub/x"), new byte[1]);

    assertThat(names(folder)).containsExactly("Z", "a", "a-b", "a.b", "b", "sub", "ä");
    assertThat(store.list(folder))
        .filteredOn(entry -> entry.name().equals("sub"))
        .allMatch(FileEntry::folder);
    assertThat(store.list(FileStore.join(folder, "none"))).isEmpty();
  }

  @Test
  void deletesFoldersAndDoesNothingWhenAbsent() throws IOException {
    store.writeBytes(FileStore.join(folder, "sub/deeper/x"), new byte[1]);

    store.delete(FileStore.join(folder, "sub"));
    store.delete(FileStore.join(folder, "sub"));

    assertThat(names(folder)).isEmpty();
  }

  @Test
  void deletesALinkAndNotWhatItPointsTo() throws IOException {
    store.writeBytes(FileStore.join(folder, "kept/x"), new byte[1]);
    Path link = Path.of(folder, "link");
    Files.createSymbolicLink(link, Path.of(folder, "kept"));

    store.delete(link.toString());

    assertThat(names(folder)).containsExactly("kept");
    assertThat(names(FileStore.join(folder, "kept"))).containsExactly("x");
  }

  @Test
  void createsOnlyWhereNothingIs() throws IOException {
    String path = FileStore.join(folder, "lock");

    assertThat(store.createIfAbsent(path, new byte[] {1})).isTrue();
    assertThat(store.createIfAbsent(path, new byte[] {2})).isFalse();

    assertThat(store.readBytes(path)).containsExactly(1);
    assertThat(names(folder)).containsExactly("lock");
  }

  @Test
  void appendsAtTheEnd() throws IOException {
    String path = FileStore.join(folder, "log");
    for (byte value : new byte[] {1, 2}) {
      try (OutputStream out = store.append(path).orElseThrow()) {
        out.write(value);
      }
    }

    assertThat(store.readBytes(path)).containsExactly(1, 2);
  }

  @Test
  void understandsFileUris() throws IOException {
    store.writeBytes("file://" + folder + "/one file", new byte[] {1});
    store.writeBytes("file:" + folder + "/two", new byte[] {2});

    assertThat(names(folder)).containsExactly("one file", "two");
  }

  @Test
  void namesThePathThatCannotBeRead() {
    String path = FileStore.join(folder, "none");

    assertThatThrownBy(() -> store.open(path))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining(path);
    assertThatThrownBy(() -> store.open(temporary.toString()))
        .hasMessage("Cannot read " + temporary + ": it is a folder");
  }

  @Test
  void namesThePathThatCannotBeWritten() throws IOException {
    store.writeBytes(FileStore.join(folder, "file"), new byte[1]);
    String path = FileStore.join(folder, "file/child");

    assertThatThrownBy(() -> store.create(path)).hasMessageStartingWith("Cannot write " + path);
    assertThatThrownBy(() -> store.create(temporary.toString()))
        .hasMessage("Cannot write " + temporary + ": it is a folder");
  }

  @Test
  void hashesAsSha256sumDoes() throws IOException {
    String path = FileStore.join(folder, "x");
    store.writeBytes(path, "abc".getBytes(StandardCharsets.UTF_8));

    assertThat(Sha256.of(Path.of(path)))
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assertThat(Sha256.of(new byte[0]))
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }

  private List<String> names(String path) throws IOException {
    return store.list(path).stream().map(FileEntry::name).toList();
  }
}
