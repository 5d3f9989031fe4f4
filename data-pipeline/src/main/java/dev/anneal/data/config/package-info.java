/** Sections of the configuration that say how documents become rows. */
package dev.anneal.data.config;
