"""A DiT as one writes it by hand in PyTorch: what `npm run bench:torch` measures this project against.

Same network (arXiv 2212.09748, section 3.2), parameters under the official names, PyTorch's fused attention, AdamW and
averaging. Reads the settings and then one command a line: `output` answers with the network's values, `forward` and `train`
with an empty line when they are done.
"""

import json
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        n, tokens, width = x.shape
        q, k, v = self.qkv(x).view(n, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v)
        return self.proj(mixed.transpose(1, 2).reshape(n, tokens, width))


class Mlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))


def modulation(width, parts):
    return nn.Sequential(nn.SiLU(), nn.Linear(width, parts * width))


def modulated_norm(x, shift, scale):
    return F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale) + shift


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.attn = Attention(width, heads)
        self.mlp = Mlp(width)
        self.adaLN_modulation = modulation(width, 6)

    def forward(self, x, c):
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = self.adaLN_modulation(c).unsqueeze(1).chunk(6, dim=-1)
        x = x + gate_a * self.attn(modulated_norm(x, shift_a, scale_a))
        return x + gate_m * self.mlp(modulated_norm(x, shift_m, scale_m))


class FinalLayer(nn.Module):
    def __init__(self, width, out):
        super().__init__()
        self.linear = nn.Linear(width, out)
        self.adaLN_modulation = modulation(width, 2)

    def forward(self, x, c):
        return self.linear(modulated_norm(x, *self.adaLN_modulation(c).unsqueeze(1).chunk(2, dim=-1)))


class PatchEmbedding(nn.Module):
    def __init__(self, channels, width, patch):
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, stride=patch)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class TimestepEmbedding(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))
        self.register_buffer("frequencies", 10_000 ** (-torch.arange(128) / 128), persistent=False)

    def forward(self, t):
        angles = t[:, None] * self.frequencies
        return self.mlp(torch.cat([angles.cos(), angles.sin()], dim=-1))


class LabelEmbedding(nn.Module):
    def __init__(self, classes, width):
        super().__init__()
        self.embedding_table = nn.Embedding(classes + 1, width)

    def forward(self, y):
        return self.embedding_table(y)


class DiT(nn.Module):
    """x: [N, C, I, J], t: [N], y: [N] -> [N, C, I, J]"""

    def __init__(self, dit):
        super().__init__()
        width, channels, self.patch = dit["hiddenSize"], dit["inChannels"], dit["patchSize"]
        rows, columns = (size // self.patch for size in dit["inputSize"])
        self.x_embedder = PatchEmbedding(channels, width, self.patch)
        self.register_buffer("pos_embed", torch.zeros(1, rows * columns, width))
        self.t_embedder = TimestepEmbedding(width)
        self.y_embedder = LabelEmbedding(dit["numClasses"], width)
        self.blocks = nn.ModuleList(Block(width, dit["heads"]) for _ in range(dit["depth"]))
        self.final_layer = FinalLayer(width, channels * self.patch**2)

    def forward(self, x, t, y):
        n, channels, height, width = x.shape
        c = self.t_embedder(t) + self.y_embedder(y)
        tokens = self.x_embedder(x) + self.pos_embed
        for block in self.blocks:
            tokens = block(tokens, c)
        patches = self.final_layer(tokens, c)
        p = self.patch
        image = patches.view(n, height // p, width // p, p, p, channels)
        return image.permute(0, 5, 1, 3, 2, 4).reshape(x.shape)


class Training:
    """Steps on the squared error of the predicted noise, with AdamW and an average of the parameters."""

    def __init__(self, network, model):
        self.network = network
        self.parameters = list(model.parameters())
        self.average = [p.detach().clone() for p in self.parameters]
        self.optimizer = torch.optim.AdamW(self.parameters, lr=1e-4, weight_decay=0, fused=True)
        alphas = (1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)).cumprod(0)
        self.signal, self.sigma = alphas.sqrt().float(), (1 - alphas).sqrt().float()

    def step(self, x0, noise, t, y):
        at = t.long()
        noised = self.signal[at].view(-1, 1, 1, 1) * x0 + self.sigma[at].view(-1, 1, 1, 1) * noise
        loss = F.mse_loss(self.network(noised, t, y), noise)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.parameters, 1e-4)


def main():
    settings = json.loads(sys.stdin.readline())
    torch.set_num_threads(settings["threads"])
    model = DiT(settings["dit"])
    model.load_state_dict(load_file(settings["weights"]))
    network = torch.compile(model) if settings["compile"] else model
    precision = torch.autocast("cpu", torch.bfloat16, enabled=settings["dtype"] == "bf16")
    x = torch.tensor(settings["x"]).view(-1, settings["dit"]["inChannels"], *settings["dit"]["inputSize"])
    t, y = torch.tensor(settings["t"], dtype=torch.float32), torch.tensor(settings["y"])
    training = Training(network, model)
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        answer = ""
        with precision:
            if line.strip() == "train":
                training.step(x, x, t, y)
            else:
                with torch.no_grad():
                    output = network(x, t, y)
                if line.strip() == "output":
                    answer = json.dumps(output.float().flatten().tolist())
        print(answer, flush=True)


main()
