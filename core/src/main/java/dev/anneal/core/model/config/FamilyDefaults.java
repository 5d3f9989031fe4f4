package dev.anneal.core.model.config;

import java.util.List;

/**
 * Values of fields that a {@code config.json} leaves out.
 *
 * @param keyValueHeads number of key/value heads; 0: as many as attention heads
 * @param headDim size of a head; 0: hidden size over heads
 * @param tieWordEmbeddings whether the output matrix is the embedding matrix
 * @param bosTokenIds one id or none
 * @param eosTokenIds any number of ids
 */
public record FamilyDefaults(
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int attentionHeads,
    int keyValueHeads,
    int headDim,
    int maxPositionEmbeddings,
    boolean tieWordEmbeddings,
    List<Integer> bosTokenIds,
    List<Integer> eosTokenIds) {}
