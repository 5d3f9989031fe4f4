/** The CUDA runtime by JNA: cards, streams, events, copies. Nothing here needs libtorch. */
package dev.anneal.core.tensor.cuda;
