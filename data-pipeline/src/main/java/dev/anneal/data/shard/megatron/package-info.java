/** Documents in Megatron's indexed data set: {@code .bin} and {@code .idx}. */
package dev.anneal.data.shard.megatron;
