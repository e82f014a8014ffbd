"""Stillness without weights: what stands where nothing should stand, measured in seconds and never in frames.

sampling -> the short-term picture; background -> the long-term picture; change -> where they differ in structure;
regions -> what kind of difference that is; objects -> one thing that stands; dwell -> its clock, alarm and end;
stillness -> one camera's analysis; health -> whether the picture itself can be believed.
Ideas: Porikli 2008 (dual foregrounds), Lin et al. 2015 (long/short code), Frigate (stationary objects).
"""
