/** Filters of documents: each says why it leaves a text out. Recipe in CONTRIBUTING.md. */
package dev.anneal.data.filter;
