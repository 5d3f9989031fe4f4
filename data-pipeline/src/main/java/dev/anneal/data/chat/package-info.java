/** Conversations and the chat templates that turn them into text. */
package dev.anneal.data.chat;
