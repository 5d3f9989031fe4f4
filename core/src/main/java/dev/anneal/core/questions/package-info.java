/** Questions with answers, and how an answer is compared. */
package dev.anneal.core.questions;
