# Small checkpoints and tokenizers of the kinds that people have, made up here, with what transformers and tokenizers make of them.
import json, os, torch, shutil, argparse
os.environ["TRANSFORMERS_VERBOSITY"]="error"
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, AutoTokenizer, AutoModelForCausalLM
from tokenizers import Tokenizer, models, pre_tokenizers, normalizers, decoders, processors, trainers, Regex, AddedToken
out="cases"  # checkpoints and tokenizers; copied from there
torch.manual_seed(5)
ids=[[1,5,3,7,2,9,4,0,8,6]]
def big(m):
    for p in m.parameters():
        with torch.no_grad(): p.copy_(torch.randn_like(p)*0.4)
    return m.eval()
def expect(m,d,more=None):
    with torch.no_grad(): l=m(torch.tensor(ids)).logits[0]
    json.dump({"ids":ids[0],"logits":[[round(float(x),6) for x in r] for r in l.tolist()],**(more or {})}, open(f"{d}/expect.json","w"))
def save(m,name):
    d=f"{out}/{name}"; shutil.rmtree(d,ignore_errors=True); m.save_pretrained(d)
    g=d+"/generation_config.json"
    if os.path.exists(g): os.remove(g)
    m=AutoModelForCausalLM.from_pretrained(d,dtype=torch.float32).eval()
    expect(m,d); return d
g=dict(vocab_size=12,n_positions=16,n_embd=4,n_layer=2,n_head=2,bos_token_id=0,eos_token_id=0)
save(big(GPT2LMHeadModel(GPT2Config(**g,activation_function="gelu"))),"gpt2_exact_gelu")
save(big(GPT2LMHeadModel(GPT2Config(**g,scale_attn_by_inverse_layer_idx=True))),"gpt2_scaled_by_layer")
save(big(GPT2LMHeadModel(GPT2Config(**g,scale_attn_weights=False))),"gpt2_not_scaled")
l=dict(vocab_size=12,max_position_embeddings=64,hidden_size=8,intermediate_size=12,num_hidden_layers=2,num_attention_heads=2,num_key_value_heads=1,bos_token_id=1,eos_token_id=2)
save(big(LlamaForCausalLM(LlamaConfig(**l,attention_bias=True,mlp_bias=True,tie_word_embeddings=False))),"llama_biases")
save(big(LlamaForCausalLM(LlamaConfig(**l,rope_scaling={"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":16}))),"llama_yarn")
q=dict(l); 
save(big(Qwen2ForCausalLM(Qwen2Config(**q,tie_word_embeddings=True))),"qwen2")
save(big(Qwen2ForCausalLM(Qwen2Config(**q,use_sliding_window=True,sliding_window=3,max_window_layers=0,rope_scaling={"rope_type":"yarn","factor":2.0,"original_max_position_embeddings":32,"beta_fast":8,"beta_slow":2,"mscale":0.7,"mscale_all_dim":0.5}))),"qwen2_window_yarn")
# nanoGPT: matrices (out, in), no biases, its arguments beside, the optimizer's tensors too
m=big(GPT2LMHeadModel(GPT2Config(**{**g},activation_function="gelu")))
with torch.no_grad():
    for n,p in m.named_parameters():
        if n.endswith(".bias"): p.zero_()
sd={}
for n,p in m.state_dict().items():
    if n.endswith(".bias") or n.endswith("masked_bias"): continue
    if any(n.endswith(s) for s in ["attn.c_attn.weight","attn.c_proj.weight","mlp.c_fc.weight","mlp.c_proj.weight"]): p=p.t().contiguous()
    sd["_orig_mod."+n]=p.clone()
d=f"{out}/nanogpt"; shutil.rmtree(d,ignore_errors=True); os.makedirs(d)
opt={"state":{0:{"step":torch.tensor(3.),"exp_avg":torch.zeros(2,2)}},"param_groups":[{"lr":1e-3,"betas":(0.9,0.95),"params":[0]}]}
torch.save({"model":sd,"optimizer":opt,"model_args":dict(n_layer=2,n_head=2,n_embd=4,block_size=16,bias=False,vocab_size=12,dropout=0.1),"iter_num":5,"best_val_loss":torch.tensor(1.5),"config":{"out_dir":"out","compile":True}},d+"/ckpt.pt")
expect(m,d)
# Lightning: hyper parameters as a Namespace, state dict under "model."
m=big(GPT2LMHeadModel(GPT2Config(**g)))
d=f"{out}/lightning"; shutil.rmtree(d,ignore_errors=True); m.config.save_pretrained(d)
import numpy as np
torch.save({"epoch":1,"global_step":7,"pytorch-lightning_version":"2.1.0","state_dict":{"model."+k:v for k,v in m.state_dict().items()},"loops":{"x":{"y":None}},"callbacks":{},"hyper_parameters":argparse.Namespace(lr=1e-3,dims=[1,2]),"best":np.float64(0.5),"size":torch.Size([1,2]),"dtype":torch.float32},d+"/epoch=1.ckpt")
expect(m,d)
# --- tokenizers
texts=["", " ", "ab", " ab  ab", "12 * 345 = 4140\n\n 7", "It's  they'LL we're\tI'D", "naïve café caf\u0065\u0301 \u1e9b\u0323", "日本語 12３ ½ Ⅷ", "a\r\n\r\nb  \n c   d", "<|x|>ab<|x|> ab", "!?... (x)  --y", "don’t ſ'ſ K'S", "  lead", "trail  ", "🙂👍🏽 e\u200dx", "x<lat>y <lat> z", "\u00a0a\u2003b\u2028c", "Ab12cD345678"]
corpus=["the cat sat on the mat 12 34 567 8910 don't they'll it's we're I'd","naïve café über straße  12 * 34 = 408 = 4 0 8","aa ab abc abcd the then there these\n\nnew lines\r\n and  spaces   here","日本語 テキスト x y z 1 2 3 4 5 6 7 8 9 0 <<12+3=15>> #### 15"]*3
L3=r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QW=L3.replace(r"\p{N}{1,3}",r"\p{N}")
GPT4O=r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
def bpe(name,pre,norm=None,ignore=False,post=None,vocab=320,added=(),merges=None):
    t=Tokenizer(models.BPE(ignore_merges=ignore))
    if norm: t.normalizer=norm
    t.pre_tokenizer=pre; t.decoder=decoders.ByteLevel()
    t.train_from_iterator(corpus,trainers.BpeTrainer(vocab_size=vocab,special_tokens=["<|endoftext|>"],initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),show_progress=False))
    for a in added: t.add_tokens([a]) if not a.special else t.add_special_tokens([a])
    if post: t.post_processor=post(t)
    finish(name,t)
def finish(name,t,more=None,config=None):
    d=f"{out}/{name}"; shutil.rmtree(d,ignore_errors=True); os.makedirs(d); t.save(d+"/tokenizer.json")
    j=json.load(open(d+"/tokenizer.json"))
    json.dump(j,open(d+"/tokenizer.json","w"),ensure_ascii=False,separators=(",",":"))
    t=Tokenizer.from_file(d+"/tokenizer.json")
    json.dump([{"text":x,"ids":t.encode(x).ids,"decoded":t.decode(t.encode(x,add_special_tokens=False).ids,skip_special_tokens=False)} for x in texts+(more or [])],open(d+"/expect.json","w"),ensure_ascii=False,indent=0)
BL=lambda **k: pre_tokenizers.ByteLevel(add_prefix_space=False,**k)
x=AddedToken("<|x|>",special=True); lat=AddedToken("<lat>",special=False,normalized=True,lstrip=True)
cafe=AddedToken("café",special=False,normalized=True)
bpe("tok_llama3",pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(L3),"isolated"),BL(use_regex=False)]),ignore=True,added=[x,lat],post=lambda t: processors.Sequence([processors.ByteLevel(trim_offsets=True),processors.TemplateProcessing(single="<|endoftext|> $A",special_tokens=[("<|endoftext|>",0)])]))
bpe("tok_qwen2",pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(QW),"isolated"),BL(use_regex=False)]),norm=normalizers.NFC(),added=[x,lat,cafe])
bpe("tok_smollm",pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),BL(use_regex=True)]),added=[x,lat])
bpe("tok_gpt4o",pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(GPT4O),"isolated"),BL(use_regex=False)]),added=[x,lat])
bpe("tok_deepseek",pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(r"\p{N}{1,3}"),"isolated"),pre_tokenizers.Split(Regex(r"[一-龥぀-ゟ゠-ヿ]+"),"isolated"),pre_tokenizers.Split(Regex(r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"),"isolated"),BL(use_regex=False)]),added=[x,lat])
bpe("tok_roberta",pre_tokenizers.ByteLevel(add_prefix_space=True),added=[x,lat],post=lambda t: processors.RobertaProcessing(("<|endoftext|>",0),("<|x|>",t.token_to_id("<|x|>"))))
w=Tokenizer(models.WordLevel({"<unk>":0,"<s>":1,"ab":2,"a":3,"b":4,"12":5,"+":6,"the":7,"<lat>":8,"...":9,"!?":10,"345":11,"=":12,"*":13,"4140":14},unk_token="<unk>"))
w.normalizer=normalizers.Sequence([normalizers.NFD(),normalizers.Lowercase(),normalizers.Strip()]); w.pre_tokenizer=pre_tokenizers.Whitespace(); w.add_special_tokens(["<s>"])
w.post_processor=processors.TemplateProcessing(single="<s> $A",special_tokens=[("<s>",1)])
finish("tok_words",w)
w=Tokenizer(models.WordLevel({"<unk>":0,**{c:i+1 for i,c in enumerate("abcdxyz0123456789+*= ")}},unk_token="<unk>"))
w.pre_tokenizer=pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(),pre_tokenizers.Split(Regex("[a-z]|."),"isolated")]); w.decoder=decoders.Fuse()
finish("tok_letters",w)
for b in ["removed","merged_with_previous","merged_with_next","contiguous"]:
    bpe("tok_split_"+b,pre_tokenizers.Sequence([pre_tokenizers.Split(Regex("[ab]"),b),pre_tokenizers.Split("1",b,invert=False),BL(use_regex=False)]),vocab=290)
