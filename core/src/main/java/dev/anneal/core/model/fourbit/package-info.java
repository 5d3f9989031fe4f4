/** Matrices in 4 bits as bitsandbytes makes them, in plain Java: no native memory of its own. */
package dev.anneal.core.model.fourbit;
