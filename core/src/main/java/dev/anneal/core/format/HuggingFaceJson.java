package dev.anneal.core.format;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** JSON laid out as Python's {@code json.dump(..., indent=2)} lays it out, UTF-8. Thread-safe. */
public final class HuggingFaceJson {
  private static final ObjectWriter WRITER = new ObjectMapper().writer(new PythonPrinter());

  private HuggingFaceJson() {}

  /** A tree or a map as text, without a line end after the last brace. */
  public static byte[] render(Object json) {
    try {
      return WRITER.writeValueAsString(json).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("Cannot write JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static final class PythonPrinter extends DefaultPrettyPrinter {
    private static final long serialVersionUID = 1L;

    PythonPrinter() {
      DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
      indentObjectsWith(indenter);
      indentArraysWith(indenter);
    }

    @Override
    public DefaultPrettyPrinter createInstance() {
      return new PythonPrinter();
    }

    @Override
    public void writeObjectFieldValueSeparator(JsonGenerator out) throws IOException {
      out.writeRaw(": ");
    }

    @Override
    public void writeEndObject(JsonGenerator out, int entries) throws IOException {
      end(out, entries, '}', _objectIndenter);
    }

    @Override
    public void writeEndArray(JsonGenerator out, int values) throws IOException {
      end(out, values, ']', _arrayIndenter);
    }

    private void end(JsonGenerator out, int count, char bracket, Indenter indenter)
        throws IOException {
      _nesting--;
      if (count > 0) {
        indenter.writeIndentation(out, _nesting);
      }
      out.writeRaw(bracket);
    }
  }
}
