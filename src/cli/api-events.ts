/** What the native API says of events and webhooks (docs/native-api.md): the JSON, field for field. */

export interface ApiEvent {
  /** Ascending. */
  readonly id: number;
  readonly at: string;
  readonly type: string;
  readonly outcome: string;
  readonly actor: {
    readonly kind: string;
    readonly account: string | null;
    readonly user: string | null;
    readonly name: string;
    readonly accessKey: string | null;
  };
  readonly resource: { readonly type: string; readonly id: string };
  readonly region: string | null;
  readonly protocol: string | null;
  readonly requestId: string | null;
  readonly address: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface ApiWebhook {
  readonly id: string;
  readonly url: string;
  readonly description: string;
  readonly types: readonly string[];
  readonly createdAt: string;
  readonly disabled: boolean;
}

export interface ApiNewWebhook extends ApiWebhook {
  readonly secret: string;
}

export interface ApiDelivery {
  readonly id: string;
  readonly eventId: string | null;
  readonly type: string;
  readonly state: string;
  readonly attempts: number;
  readonly nextAttemptAt: string | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly finishedAt: string | null;
}
