/** Documents to token shards, as pure blocks. */
package dev.anneal.data;
