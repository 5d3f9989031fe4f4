/** What a decoder is: its config, its weights' names, and what differs between families. */
package dev.anneal.core.model;
