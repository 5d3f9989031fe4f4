package dev.anneal.jobs.parquet;

import dev.anneal.core.data.ShardColumns;
import dev.anneal.core.data.TokenRow;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * Rows as records of lists: {@code optional group NAME (LIST) { repeated group list { optional
 * int32 element } }}. Confined to one thread.
 */
final class TokenRowSupport extends WriteSupport<TokenRow> {
  private static final int INT8_BITS = 8;

  private final List<String> columns;
  private RecordConsumer consumer;

  TokenRowSupport(ShardColumns columns) {
    this.columns = columns.names();
  }

  @Override
  public WriteContext init(Configuration configuration) {
    Types.MessageTypeBuilder schema = Types.buildMessage();
    columns.forEach(column -> schema.addField(list(column)));
    MessageType message = schema.named("schema");
    return new WriteContext(message, Map.of());
  }

  private static Type list(String column) {
    PrimitiveType.PrimitiveTypeName integer = PrimitiveType.PrimitiveTypeName.INT32;
    Type element =
        column.equals(ShardColumns.ATTENTION_MASK)
            ? Types.optional(integer)
                .as(LogicalTypeAnnotation.intType(INT8_BITS, true))
                .named("element")
            : Types.optional(integer).named("element");
    return Types.optionalList().element(element).named(column);
  }

  @Override
  public void prepareForWrite(RecordConsumer recordConsumer) {
    consumer = recordConsumer;
  }

  @Override
  public void write(TokenRow row) {
    consumer.startMessage();
    for (int i = 0; i < columns.size(); i++) {
      String column = columns.get(i);
      consumer.startField(column, i);
      consumer.startGroup();
      switch (column) {
        case ShardColumns.INPUT_IDS -> writeList(row.inputIds());
        case ShardColumns.LABELS -> writeList(row.labels());
        case ShardColumns.SEQUENCE_LENGTHS -> writeList(row.sequenceLengths());
        case ShardColumns.ATTENTION_MASK -> writeOnes(row.inputIds().length);
        default -> throw new IllegalStateException("Unsupported column: " + column);
      }
      consumer.endGroup();
      consumer.endField(column, i);
    }
    consumer.endMessage();
  }

  private void writeList(int[] values) {
    if (values.length == 0) {
      return; // an empty list has no field, as Parquet wants it
    }
    consumer.startField("list", 0);
    for (int value : values) {
      writeElement(value);
    }
    consumer.endField("list", 0);
  }

  private void writeOnes(int count) {
    if (count == 0) {
      return;
    }
    consumer.startField("list", 0);
    for (int i = 0; i < count; i++) {
      writeElement(1);
    }
    consumer.endField("list", 0);
  }

  private void writeElement(int value) {
    consumer.startGroup();
    consumer.startField("element", 0);
    consumer.addInteger(value);
    consumer.endField("element", 0);
    consumer.endGroup();
  }
}
