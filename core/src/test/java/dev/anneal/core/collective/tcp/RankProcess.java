package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.NativeFloats;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * One rank in its own JVM, for tests that kill it. Prints its address, reads the addresses of all
 * ranks as one line, joins, takes part in one sum, says so, and stays until it is killed.
 */
final class RankProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader output;

  private RankProcess(Process process) {
    this.process = process;
    this.output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  static RankProcess start(int rank) throws IOException {
    String java = ProcessHandle.current().info().command().orElseThrow();
    Process process =
        new ProcessBuilder(
                java,
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                RankProcess.class.getName(),
                Integer.toString(rank))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    return new RankProcess(process);
  }

  String readLine() throws IOException {
    return output.readLine();
  }

  void tell(List<String> addresses) {
    PrintWriter input = new PrintWriter(process.getOutputStream(), true, StandardCharsets.UTF_8);
    input.println(String.join(" ", addresses));
  }

  void kill() {
    process.destroyForcibly();
  }

  @Override
  public void close() {
    kill();
  }

  public static void main(String[] arguments) throws Exception {
    int rank = Integer.parseInt(arguments[0]);
    TcpEndpoint endpoint = TcpEndpoint.listen("127.0.0.1", 0, 0);
    System.out.println(endpoint.address());
    BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    List<String> addresses = List.of(input.readLine().split(" "));
    Collective group =
        TcpCollective.join(
            endpoint, addresses, rank, LoopbackGroup.IDENTITY, LoopbackGroup.PATIENT);
    NativeFloats.of(1, 2, 3).use(group::allReduceSum);
    System.out.println("summed");
    new CountDownLatch(1).await();
  }
}
