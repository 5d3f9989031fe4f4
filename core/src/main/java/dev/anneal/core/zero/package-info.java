/** Which rank owns which part of the gradients and the optimizer's state. */
package dev.anneal.core.zero;
