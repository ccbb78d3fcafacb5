def test_a_plain_claim_is_accepted_with_all_of_the_share(desk):
    row = desk.one()
    assert (row["state"], row["reasons"]) == ("accepted", [])
    assert (row["basis"], row["burden"], row["subsidy"]) == (3000, 0, 3000)
    assert (row["scheme"], row["atena_no"], row["entitlement_id"]) == (desk.HITORIOYA, "000000000000001", 11)
    assert (row["funding"], row["band"], row["ward_code"]) == ("city", "child", "141313")
