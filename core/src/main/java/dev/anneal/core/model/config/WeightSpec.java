package dev.anneal.core.model.config;

import dev.anneal.core.format.Shape;

/** A weight under its Hugging Face name, with the shape that the config demands. */
public record WeightSpec(String name, Shape shape) {}
