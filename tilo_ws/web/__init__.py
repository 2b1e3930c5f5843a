"""How it is reached: the only floor that knows aiohttp's web part."""
