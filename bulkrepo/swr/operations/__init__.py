"""
Pure. Conversations with SWR as generators: yield a request, be sent what was heard.

The engine drives them and knows none; they decide and never wait.
"""
