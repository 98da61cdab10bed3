// SPDX-License-Identifier: Apache-2.0

extension ConformanceCase {
    /// Texts of which the standard leaves the fate to the reader, and which vitald accepts: their grammar is right.
    /// Numbers beyond Int64 have no exact integer, numbers beyond Double no value at all (see NumberTests).
    static let freeAndAccepted = table(
        #"""
        number_double_huge_neg_exp|[123.456e-789]
        number_huge_exp|[0.4e0066999999999999999999999999999999999999999999999999999999999999999999999999]
        number_neg_int_huge_exp|[-1e+9999]
        number_pos_double_huge_exp|[1.5e+9999]
        number_real_neg_overflow|[-123123e100000]
        number_real_pos_overflow|[123123e100000]
        number_real_underflow|[123e-10000000]
        number_too_big_neg_int|[-123123123123123123123123123123]
        number_too_big_pos_int|[100000000000000000000]
        number_very_big_negative_int|[-237462374673276894279832749832423479823246327846]
        """#)

    /// Texts of which the standard leaves the fate to the reader, and which vitald refuses: half surrogate pairs,
    /// bytes that are not UTF-8, byte order marks, nesting beyond 32.
    static let freeAndRefused =
        table(
            #"""
            object_key_lone_2nd_surrogate|{"\uDFAA":0}
            string_1st_surrogate_but_2nd_missing|["\uDADA"]
            string_1st_valid_surrogate_2nd_invalid|["\uD888\u1234"]
            string_UTF-16LE_with_BOM|<ff><fe>[<00>"<00><e9><00>"<00>]<00>
            string_UTF-8_invalid_sequence|["<e6><97><a5><d1><88><fa>"]
            string_UTF8_surrogate_U+D800|["<ed><a0><80>"]
            string_incomplete_surrogate_and_escape_valid|["\uD800\n"]
            string_incomplete_surrogate_pair|["\uDd1ea"]
            string_incomplete_surrogates_escape_valid|["\uD800\uD800\n"]
            string_invalid_lonely_surrogate|["\ud800"]
            string_invalid_surrogate|["\ud800abc"]
            string_invalid_utf-8|["<ff>"]
            string_inverted_surrogates_U+1D11E|["\uDd1e\uD834"]
            string_iso_latin_1|["<e9>"]
            string_lone_second_surrogate|["\uDFAA"]
            string_lone_utf8_continuation_byte|["<81>"]
            string_not_in_unicode_range|["<f4><bf><bf><bf>"]
            string_overlong_sequence_2_bytes|["<c0><af>"]
            string_overlong_sequence_6_bytes|["<fc><83><bf><bf><bf><bf>"]
            string_overlong_sequence_6_bytes_null|["<fc><80><80><80><80><80>"]
            string_truncated-utf-8|["<e0><ff>"]
            string_utf16BE_no_BOM|<00>[<00>"<00><e9><00>"<00>]
            string_utf16LE_no_BOM|[<00>"<00><e9><00>"<00>]<00>
            structure_UTF-8_BOM_empty_object|<ef><bb><bf>{}
            """#)
        + [
            ConformanceCase(
                name: "structure_500_nested_arrays",
                bytes: [UInt8](repeating: UInt8(ascii: "["), count: 500)
                    + [UInt8](repeating: UInt8(ascii: "]"), count: 500))
        ]
}
