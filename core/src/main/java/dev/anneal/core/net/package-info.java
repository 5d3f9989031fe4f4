/**
 * Authenticated links between the processes of one run: listening sockets, the handshake and its
 * keys. Used by the rank-to-rank transport and by the driver's channel.
 */
package dev.anneal.core.net;
