package dev.anneal.core.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.Operation;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.Test;

/** What a rank does not accept from a proven peer either. */
class StarWireTest {
  private static final Operation SUM = new Operation(9, Operation.Kind.ALL_REDUCE, -1, 1L << 33);

  @Test
  void headersSurviveTheWire() {
    ByteBuffer bytes = ByteBuffer.allocate(OperationHeader.BYTES);
    OperationHeader.write(bytes, 3, SUM);
    assertThat(bytes.hasRemaining()).isFalse();
    assertThat(OperationHeader.read(bytes.flip(), 3)).isEqualTo(SUM);
  }

  @Test
  void messagesOfAnotherAttemptAreFenced() {
    ByteBuffer bytes = ByteBuffer.allocate(OperationHeader.BYTES);
    OperationHeader.write(bytes, 2, SUM);
    assertThatThrownBy(() -> OperationHeader.read(bytes.flip(), 3))
        .isInstanceOf(CollectiveException.class)
        .hasMessage("Expected a message of attempt 3 but was of attempt 2");
  }

  @Test
  void framesSurviveTheWireAndAbsurdLengthsAreRefused() throws Exception {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (ServerSocketChannel server =
            ServerSocketChannel.open().bind(new InetSocketAddress(loopback, 0));
        SocketChannel sender = SocketChannel.open(server.getLocalAddress());
        SocketChannel receiver = server.accept()) {
      Frame sent = Frame.text(Frame.Type.VERDICT, SUM, "损失 is NaN");
      sender.write(sent.encode(3));
      Frame received = new FrameReader(3, 100).read(receiver).orElseThrow();
      assertThat(received.text()).isEqualTo("损失 is NaN");
      assertThat(received.operation()).isEqualTo(SUM);
      sender.write(new Frame(Frame.Type.GIVE, SUM, new byte[101]).encode(3));
      assertThatThrownBy(() -> new FrameReader(3, 100).read(receiver))
          .isInstanceOf(CollectiveException.class)
          .hasMessage("Invalid message of 101 bytes");
    }
  }

  @Test
  void partsSurviveJoiningAndBrokenOnesAreRefused() {
    byte[][] parts = {{1, 2}, {}, {3}};
    assertThat(Payloads.split(Payloads.join(parts), 3)).isDeepEqualTo(parts);
    assertThatThrownBy(() -> Payloads.split(new byte[] {0, 0, 0, 9, 1}, 1))
        .isInstanceOf(CollectiveException.class)
        .hasMessage("Invalid part of 9 bytes");
    assertThatThrownBy(() -> Payloads.split(new byte[2], 1))
        .isInstanceOf(CollectiveException.class);
  }
}
