/** What the ranks of one run do together; the transports are in the packages below. */
package dev.anneal.core.collective;
