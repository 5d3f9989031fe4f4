package dev.anneal.core.net;

import java.nio.channels.SocketChannel;
import java.util.Optional;

/** Decides which links a listening process takes. Called from several threads. */
public interface LinkHost {
  /** The run that peers must belong to, and the secret they must know. */
  GroupIdentity identity();

  /**
   * Why this peer is not expected, if so.
   *
   * @param claimed the run with the attempt that the peer claims, not yet proven
   */
  Optional<Refusal> judge(GroupIdentity claimed, LinkHello hello);

  /** Takes over a proven link; the channel is blocking and now the host's to close. */
  void admitted(GroupIdentity proven, LinkHello hello, SocketChannel channel);
}
