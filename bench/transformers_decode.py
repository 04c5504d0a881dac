#!/usr/bin/env python3
"""Translation by Hugging Face transformers: a Marian model of the same size with its own initial weights, on the
sentences that `stemma bench decode --out` wrote, every fifth by length."""
import torch
import transformers

from paced import arguments, batches, config, serve, timed

a = arguments(__doc__, length={"type": int, "default": 14}, batch={"type": int, "default": 50})
torch.set_num_threads(a.threads)
c, vocabulary = config(a.folder)["architecture"], config(a.folder)["vocabularies"]["target"]
model = transformers.MarianMTModel(transformers.MarianConfig(
    vocab_size=vocabulary + 1, pad_token_id=vocabulary, decoder_start_token_id=vocabulary, eos_token_id=2,
    forced_eos_token_id=None, d_model=c["width"], encoder_layers=c["encoder_layers"],
    decoder_layers=c["decoder_layers"], encoder_attention_heads=c["heads"], decoder_attention_heads=c["heads"],
    encoder_ffn_dim=c["feed_forward"], decoder_ffn_dim=c["feed_forward"], activation_function="relu",
    max_position_embeddings=512, scale_embedding=True)).eval()
if a.precision == "bf16":
    model = model.to(torch.bfloat16)
sources = sorted(batches(a.folder)[0][0], key=len)[::5]  # it is slow


def translate(beam):
    for begin in range(0, len(sources), a.batch):
        rows = [torch.as_tensor(s) for s in sources[begin : begin + a.batch]]
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=vocabulary)
        found = model.generate(ids, attention_mask=(ids != vocabulary).long(), num_beams=beam, do_sample=False,
                               min_new_tokens=a.length + 1, max_new_tokens=a.length + 1)
        assert found.shape == (len(rows), a.length + 2), found.shape


def play(_):
    n = len(sources) * (a.length + 1)
    with torch.inference_mode():
        return [timed("greedy", n, lambda: translate(1)), timed("beam 4", n, lambda: translate(4))]


serve({"version": transformers.__version__}, play)
