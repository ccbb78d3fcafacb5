"""The main job on a synthetic city: its files in, certificates, decided claims, payments and statistics out."""
