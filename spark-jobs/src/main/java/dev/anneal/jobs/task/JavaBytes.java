package dev.anneal.jobs.task;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;

/**
 * Plans and results as bytes by Java's own serialization: users may set Kryo for Spark's data, and
 * its version there does not handle records. Only for bytes that Spark itself carried. Stateless.
 */
public final class JavaBytes {
  private JavaBytes() {}

  public static byte[] of(Serializable value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(value);
    } catch (IOException e) {
      throw new IllegalStateException("Cannot serialize " + value.getClass(), e);
    }
    return bytes.toByteArray();
  }

  public static <T> T to(Class<T> type, byte[] bytes) {
    try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
      return type.cast(in.readObject());
    } catch (IOException | ClassNotFoundException e) {
      throw new IllegalStateException("Cannot deserialize " + type, e);
    }
  }
}
