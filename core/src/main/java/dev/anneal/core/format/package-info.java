/** Byte layouts: safetensors. */
package dev.anneal.core.format;
