/** Where a backward adds its gradients, and who hears when they are final. */
package dev.anneal.core.model.gradients;
