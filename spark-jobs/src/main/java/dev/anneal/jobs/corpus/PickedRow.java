package dev.anneal.jobs.corpus;

import dev.anneal.data.config.InputConfig;
import dev.anneal.data.read.SourceRow;

/**
 * A row taken out of an input to be shown. Owns its bytes.
 *
 * @param place where it stands, for people
 * @param format never AUTO
 */
public record PickedRow(String place, InputConfig.Format format, SourceRow row) {}
