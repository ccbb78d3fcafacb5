"""レセプト電算 (UKE): what medical institutions bill and what the payer receives of it."""
