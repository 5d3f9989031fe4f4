package dev.anneal.core.checkpoint;

import dev.anneal.core.format.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Checks that the files together hold every element of every parameter exactly once. */
final class SliceCoverage {
  private SliceCoverage() {}

  static void check(Map<String, Shape> parameters, List<RankFile> files) {
    Set<String> names = new HashSet<>();
    Map<String, List<StateSlice>> slices = new HashMap<>();
    for (RankFile file : files) {
      if (!names.add(file.name())) {
        throw new IllegalArgumentException("Invalid files: " + file.name() + " comes twice");
      }
      if (!file.kinds().equals(files.get(0).kinds())) {
        throw new IllegalArgumentException(
            "Invalid files: " + file.name() + " holds " + file.kinds() + ", others do not");
      }
      for (StateSlice slice : file.slices()) {
        slices.computeIfAbsent(slice.parameter(), name -> new ArrayList<>()).add(slice);
      }
    }
    for (String name : slices.keySet()) {
      if (!parameters.containsKey(name)) {
        throw new IllegalArgumentException("Invalid slice of " + name + ": no such parameter");
      }
    }
    parameters.forEach((name, shape) -> check(name, shape, slices.getOrDefault(name, List.of())));
  }

  private static void check(String name, Shape shape, List<StateSlice> slices) {
    List<StateSlice> ordered = new ArrayList<>(slices);
    ordered.sort(Comparator.comparingLong(StateSlice::parameterOffset));
    long end = 0;
    for (StateSlice slice : ordered) {
      if (slice.parameterOffset() != end) {
        throw new IllegalArgumentException(
            "Invalid slices of "
                + name
                + ": element "
                + Math.min(end, slice.parameterOffset())
                + " is held "
                + (slice.parameterOffset() > end ? "by no file" : "twice"));
      }
      end += slice.length();
    }
    if (end != shape.elements()) {
      throw new IllegalArgumentException(
          "Invalid slices of " + name + ": " + end + " of " + shape.elements() + " elements");
    }
  }
}
