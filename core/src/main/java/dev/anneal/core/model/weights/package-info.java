/** A model folder and its weights: which stored tensor is which weight, how it lies in memory. */
package dev.anneal.core.model.weights;
