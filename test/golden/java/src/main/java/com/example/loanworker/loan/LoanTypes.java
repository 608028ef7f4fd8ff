package com.example.loanworker.loan;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonAnySetter;
import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;

/**
 * Types for the data of the process and its tasks.
 *
 * <p>Generated from kuflow.process.yaml. Do not edit: change the definition, then run
 * {@code ./kuflow generate}.
 */
public final class LoanTypes {

    private LoanTypes() {}

    public record Metadata(
            @JsonProperty("firstName") @Nullable String firstName,
            @JsonProperty("lastName") @Nullable String lastName,
            @JsonAnySetter @JsonAnyGetter Map<String, Object> others) {

        public static Builder builder() {
            return new Builder();
        }

        public static final class Builder {

            private @Nullable String firstName;
            private @Nullable String lastName;

            public Builder firstName(@Nullable String firstName) {
                this.firstName = firstName;
                return this;
            }

            public Builder lastName(@Nullable String lastName) {
                this.lastName = lastName;
                return this;
            }

            @NullUnmarked
            public Metadata build() {
                return new Metadata(firstName, lastName, Map.of());
            }
        }
    }

    public record LoanApplicationData(
            @JsonProperty("firstName") String firstName,
            @JsonProperty("lastName") String lastName,
            @JsonProperty("email") @Nullable String email,
            @JsonProperty("currency") Currency currency,
            @JsonProperty("amount") BigDecimal amount,
            @JsonProperty("purpose") @Nullable String purpose,
            @JsonAnySetter @JsonAnyGetter Map<String, Object> others) {

        public static Builder builder() {
            return new Builder();
        }

        public enum Currency {
            EUR("EUR"),
            USD("USD"),
            GBP("GBP"),
            /** A value that was not in the schema when this code was generated. */
            UNRECOGNIZED("UNRECOGNIZED");

            private final String value;

            Currency(String value) {
                this.value = value;
            }

            @JsonCreator
            public static Currency of(String value) {
                return Arrays.stream(values())
                        .filter(constant -> constant.value.equals(value))
                        .findFirst()
                        .orElse(UNRECOGNIZED);
            }

            @JsonValue
            public String value() {
                return value;
            }
        }

        public static final class Builder {

            private @Nullable String firstName;
            private @Nullable String lastName;
            private @Nullable String email;
            private @Nullable Currency currency;
            private @Nullable BigDecimal amount;
            private @Nullable String purpose;

            public Builder firstName(String firstName) {
                this.firstName = firstName;
                return this;
            }

            public Builder lastName(String lastName) {
                this.lastName = lastName;
                return this;
            }

            public Builder email(@Nullable String email) {
                this.email = email;
                return this;
            }

            public Builder currency(Currency currency) {
                this.currency = currency;
                return this;
            }

            public Builder amount(BigDecimal amount) {
                this.amount = amount;
                return this;
            }

            public Builder purpose(@Nullable String purpose) {
                this.purpose = purpose;
                return this;
            }

            @NullUnmarked
            public LoanApplicationData build() {
                return new LoanApplicationData(firstName, lastName, email, currency, amount, purpose, Map.of());
            }
        }
    }

    public record CheckCreditData(
            @JsonProperty("score") Long score,
            @JsonProperty("decision") Decision decision,
            @JsonAnySetter @JsonAnyGetter Map<String, Object> others) {

        public static Builder builder() {
            return new Builder();
        }

        public enum Decision {
            REVIEW("REVIEW"),
            ACCEPT("ACCEPT"),
            /** A value that was not in the schema when this code was generated. */
            UNRECOGNIZED("UNRECOGNIZED");

            private final String value;

            Decision(String value) {
                this.value = value;
            }

            @JsonCreator
            public static Decision of(String value) {
                return Arrays.stream(values())
                        .filter(constant -> constant.value.equals(value))
                        .findFirst()
                        .orElse(UNRECOGNIZED);
            }

            @JsonValue
            public String value() {
                return value;
            }
        }

        public static final class Builder {

            private @Nullable Long score;
            private @Nullable Decision decision;

            public Builder score(Long score) {
                this.score = score;
                return this;
            }

            public Builder decision(Decision decision) {
                this.decision = decision;
                return this;
            }

            @NullUnmarked
            public CheckCreditData build() {
                return new CheckCreditData(score, decision, Map.of());
            }
        }
    }

    public record ApproveLoanData(
            @JsonProperty("approved") Boolean approved,
            @JsonProperty("comments") @Nullable String comments,
            @JsonAnySetter @JsonAnyGetter Map<String, Object> others) {

        public static Builder builder() {
            return new Builder();
        }

        public static final class Builder {

            private @Nullable Boolean approved;
            private @Nullable String comments;

            public Builder approved(Boolean approved) {
                this.approved = approved;
                return this;
            }

            public Builder comments(@Nullable String comments) {
                this.comments = comments;
                return this;
            }

            @NullUnmarked
            public ApproveLoanData build() {
                return new ApproveLoanData(approved, comments, Map.of());
            }
        }
    }
}
