/** Near duplicates and contamination: signatures, exact Jaccard, components. Pure arithmetic. */
package dev.anneal.data.dedup;
