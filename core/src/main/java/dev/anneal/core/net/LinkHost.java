package dev.anneal.core.net;

import java.nio.channels.SocketChannel;
import java.util.Optional;

/** Decides which links a listening process takes. Called from several threads. */
public interface LinkHost {
  /** The run and attempt that peers must prove to belong to. */
  GroupIdentity identity();

  /** Why this peer is not expected, if so; asked before it has proved anything. */
  Optional<Refusal> judge(LinkHello hello);

  /** Takes over a proven link; the channel is blocking and now the host's to close. */
  void admitted(LinkHello hello, SocketChannel channel);
}
