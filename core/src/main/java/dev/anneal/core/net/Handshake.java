package dev.anneal.core.net;

import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;

/**
 * Mutual proof of the run's secret, four messages of fixed size:
 *
 * <pre>
 * connector: magic, attempt, kind, from, to, world size, run digest, nonce
 * listener:  0 or a refusal, nonce
 * connector: HMAC("connector", first message, listener's nonce)
 * listener:  0 or a refusal, HMAC("listener", first message, listener's nonce)
 * </pre>
 *
 * Ranks, attempt and both nonces are under both proofs, so none can be replayed or turned round.
 * What follows on the link is neither encrypted nor signed.
 */
final class Handshake {
  private static final byte[] MAGIC = {'A', 'N', 'N', 'E', 'A', 'L', 'L', 1};
  private static final int NONCE_BYTES = 32;
  private static final int DIGEST_BYTES = 32;
  private static final int HELLO_BYTES = 8 + 5 * Integer.BYTES + DIGEST_BYTES + NONCE_BYTES;
  private static final String CONNECTOR = "connector";
  private static final String LISTENER = "listener";

  private final GroupIdentity identity;
  private final SecureRandom random = new SecureRandom();

  Handshake(GroupIdentity identity) {
    this.identity = identity;
  }

  /** A peer and what it claims, or has proved, to belong to. */
  record Peer(GroupIdentity identity, LinkHello hello) {}

  /** The connecting side, on a blocking channel. */
  void connect(SocketChannel channel, LinkHello hello, Deadline deadline) throws IOException {
    LinkKeys keys = LinkKeys.of(identity);
    byte[] first = encode(hello);
    write(channel, first);
    byte[] answer = read(channel, 1 + NONCE_BYTES, deadline);
    throwIfRefused(answer[0], hello, channel);
    byte[] nonce = Arrays.copyOfRange(answer, 1, answer.length);
    write(channel, keys.proof(CONNECTOR, first, nonce));
    byte[] last = read(channel, 1 + LinkKeys.PROOF_BYTES, deadline);
    throwIfRefused(last[0], hello, channel);
    byte[] proof = Arrays.copyOfRange(last, 1, last.length);
    if (!MessageDigest.isEqual(proof, keys.proof(LISTENER, first, nonce))) {
      throw new LinkRefusedException(
          "Refused "
              + hello.listener()
              + " at "
              + channel.getRemoteAddress()
              + ": "
              + Refusal.WRONG_SECRET.text(),
          Refusal.WRONG_SECRET);
    }
  }

  /** The listening side, on a blocking channel; returns who is there, proven. */
  Peer accept(SocketChannel channel, LinkHost host, Deadline deadline) throws IOException {
    byte[] first = read(channel, HELLO_BYTES, deadline);
    Peer peer = decode(channel, first);
    String who = "rank " + peer.hello().from() + " of attempt " + peer.identity().attempt();
    Optional<Refusal> refusal = host.judge(peer.identity(), peer.hello());
    if (refusal.isPresent()) {
      throw refuse(channel, refusal.get(), who);
    }
    LinkKeys keys = LinkKeys.of(peer.identity());
    byte[] nonce = nonce();
    write(channel, concat((byte) 0, nonce));
    byte[] proof = read(channel, LinkKeys.PROOF_BYTES, deadline);
    if (!MessageDigest.isEqual(proof, keys.proof(CONNECTOR, first, nonce))) {
      throw refuse(channel, Refusal.WRONG_SECRET, who);
    }
    write(channel, concat((byte) 0, keys.proof(LISTENER, first, nonce)));
    return peer;
  }

  private byte[] encode(LinkHello hello) {
    ByteBuffer buffer = ByteBuffer.allocate(HELLO_BYTES);
    buffer.put(MAGIC).putInt(identity.attempt()).putInt(hello.kind().ordinal());
    buffer.putInt(hello.from()).putInt(hello.to()).putInt(hello.worldSize());
    buffer.put(LinkKeys.runDigest(identity.runId())).put(nonce());
    return buffer.array();
  }

  private Peer decode(SocketChannel channel, byte[] first) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(first);
    byte[] magic = new byte[MAGIC.length];
    buffer.get(magic);
    if (!Arrays.equals(magic, MAGIC)) {
      throw refuse(channel, Refusal.OTHER_PROTOCOL, "a stranger");
    }
    int attempt = buffer.getInt();
    int kind = buffer.getInt();
    int from = buffer.getInt();
    int to = buffer.getInt();
    int worldSize = buffer.getInt();
    byte[] run = new byte[DIGEST_BYTES];
    buffer.get(run);
    if (!Arrays.equals(run, LinkKeys.runDigest(identity.runId()))) {
      throw refuse(channel, Refusal.OTHER_RUN, "rank " + from);
    }
    LinkKind[] kinds = LinkKind.values();
    if (attempt < 0 || kind < 0 || kind >= kinds.length) {
      throw refuse(channel, Refusal.OTHER_PROTOCOL, "rank " + from);
    }
    try {
      LinkHello hello = new LinkHello(kinds[kind], from, to, worldSize);
      return new Peer(identity.withAttempt(attempt), hello);
    } catch (IllegalArgumentException e) {
      throw refuse(channel, Refusal.UNEXPECTED_PEER, "rank " + from);
    }
  }

  /** Tells the other side; both answers of the listener have the same length. */
  private LinkRefusedException refuse(SocketChannel channel, Refusal refusal, String who)
      throws IOException {
    write(channel, concat((byte) (refusal.ordinal() + 1), new byte[NONCE_BYTES]));
    return new LinkRefusedException("Refused " + who + ": " + refusal.text(), refusal);
  }

  private void throwIfRefused(byte code, LinkHello hello, SocketChannel channel)
      throws IOException {
    Refusal[] refusals = Refusal.values();
    if (code == 0) {
      return;
    }
    Refusal refusal =
        code > 0 && code <= refusals.length ? refusals[code - 1] : Refusal.OTHER_PROTOCOL;
    throw new LinkRefusedException(
        hello.listener()
            + " at "
            + channel.getRemoteAddress()
            + " refused rank "
            + hello.from()
            + " of attempt "
            + identity.attempt()
            + ": "
            + refusal.text(),
        refusal);
  }

  private byte[] nonce() {
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    return nonce;
  }

  private static byte[] concat(byte first, byte[] rest) {
    byte[] all = new byte[1 + rest.length];
    all[0] = first;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return all;
  }

  private static void write(SocketChannel channel, byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private static byte[] read(SocketChannel channel, int count, Deadline deadline)
      throws IOException {
    Socket socket = channel.socket();
    byte[] bytes = new byte[count];
    int done = 0;
    while (done < count) {
      int millis = deadline.remainingMillis();
      if (millis == 0) {
        throw new SocketTimeoutException("the handshake took too long");
      }
      socket.setSoTimeout(millis);
      int n = socket.getInputStream().read(bytes, done, count - done);
      if (n < 0) {
        throw new EOFException("the other side closed the connection during the handshake");
      }
      done += n;
    }
    socket.setSoTimeout(0);
    return bytes;
  }
}
