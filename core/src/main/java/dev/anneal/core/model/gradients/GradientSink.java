package dev.anneal.core.model.gradients;

/**
 * Hears of a backward as it goes, part by part of a {@link GradientWalk}: before it adds to a
 * part's gradients for the first time, and when it adds nothing more to them. Parts end in their
 * order. A micro-batch without targets has no backward, and says nothing. Called by the rank's
 * thread.
 */
public interface GradientSink {
  /** For gradients whose memory is there all the time and that nobody waits for. */
  GradientSink NONE =
      new GradientSink() {
        @Override
        public void begin(int part) {}

        @Override
        public void end(int part) {}
      };

  /** The part's gradients are about to be added to. */
  void begin(int part);

  /** The backward adds no more to the part's gradients. */
  void end(int part);
}
