/** What a cluster computes with, before anything is trained. */
package dev.anneal.jobs.doctor;
