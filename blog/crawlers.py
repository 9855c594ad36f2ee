"""Crawlers that fetch pages for language models, by the name that each obeys in robots.txt.

Names as their operators published them, looked up in November 2026:
developers.openai.com/docs/bots, support.claude.com/en/articles/8896518,
developers.google.com/crawling/docs/crawlers-fetchers, support.apple.com/119829,
developers.facebook.com/docs/sharing/webmasters/web-crawlers, developer.amazon.com/amazonbot,
docs.perplexity.ai/guides/bots, docs.mistral.ai/robots, commoncrawl.org/ccbot, and for those who
publish nothing (Bytespider, cohere-training-data-crawler, AI2Bot, Diffbot, omgili) the list that
github.com/ai-robots-txt/ai.robots.txt keeps. Look them up again before you believe them.
"""

# They gather texts that models are trained on. Search engines are not among them: what is named
# Google-Extended or Applebot-Extended only says what else may be done with pages that were fetched.
TRAINING = (
    "AI2Bot",
    "Amazonbot",
    "Applebot-Extended",
    "Bytespider",
    "CCBot",
    "ClaudeBot",
    "cohere-training-data-crawler",
    "Diffbot",
    "Google-CloudVertexBot",
    "Google-Extended",
    "GPTBot",
    "Meta-ExternalAgent",
    "omgili",
    "Webzio-Extended",
)
# They look pages up to answer somebody's question, and mostly name where the answer is from.
ANSWERING = (
    "Amzn-SearchBot",
    "Amzn-User",
    "ChatGPT-User",
    "Claude-SearchBot",
    "Claude-User",
    "DuckAssistBot",
    "Meta-ExternalFetcher",
    "MistralAI-User",
    "OAI-SearchBot",
    "Perplexity-User",
    "PerplexityBot",
)
