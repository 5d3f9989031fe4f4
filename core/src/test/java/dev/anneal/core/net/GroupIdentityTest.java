package dev.anneal.core.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class GroupIdentityTest {
  @Test
  void makesSecretsThatDiffer() {
    assertThat(GroupIdentity.newSecret()).hasSize(64).isNotEqualTo(GroupIdentity.newSecret());
  }

  @Test
  void keepsTheSecretOutOfItsText() {
    assertThat(new GroupIdentity("run", 2, "very-secret-very-secret").toString())
        .isEqualTo("GroupIdentity[runId=run, attempt=2, secret=***]");
  }

  @Test
  void refusesWeakOrMissingParts() {
    assertThatThrownBy(() -> new GroupIdentity("run", 0, "short"))
        .hasMessage("Invalid secret: 5 characters (must be >= 16)");
    assertThatThrownBy(() -> new GroupIdentity(" ", 0, GroupIdentity.newSecret()))
        .hasMessageStartingWith("Invalid run id: ' '");
    assertThatThrownBy(() -> new GroupIdentity("run", -1, GroupIdentity.newSecret()))
        .hasMessage("Invalid attempt: -1 (must be >= 0)");
  }

  @Test
  void proofsDependOnEveryPart() {
    GroupIdentity identity = new GroupIdentity("run", 0, "0123456789abcdef");
    byte[] hello = {1, 2};
    byte[] nonce = {3};
    byte[] proof = LinkKeys.of(identity).proof("connector", hello, nonce);
    assertThat(LinkKeys.of(identity).proof("connector", hello, nonce)).isEqualTo(proof);
    assertThat(LinkKeys.of(identity).proof("listener", hello, nonce)).isNotEqualTo(proof);
    assertThat(LinkKeys.of(identity).proof("connector", nonce, hello)).isNotEqualTo(proof);
    assertThat(LinkKeys.of(identity.withAttempt(1)).proof("connector", hello, nonce))
        .isNotEqualTo(proof);
  }
}
