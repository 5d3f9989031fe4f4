/** Modules of a model as PEFT's settings name them. */
package dev.anneal.core.peft.modules;
