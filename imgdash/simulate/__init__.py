"""The other machines of Fig. 1 on loopback, speaking the real protocols, and the phantoms that they radiograph."""
