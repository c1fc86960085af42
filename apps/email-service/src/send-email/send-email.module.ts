import { Module, type DynamicModule } from '@nestjs/common';
import { dkimOf, type EmailConfig } from '../config.js';
import { Mailer } from '../mailer/index.js';
import { SuppressionsModule } from '../suppressions/suppressions.module.js';
import { SiteLinks } from '../templates/index.js';
import { UnsubscribeLinks } from '../unsubscribe/unsubscribe-links.js';
import { MailDelivery } from './mail-delivery.js';
import { SendEmailController } from './send-email.controller.js';

@Module({ imports: [SuppressionsModule], controllers: [SendEmailController] })
export class SendEmailModule {
  static forRoot(config: EmailConfig): DynamicModule {
    const { PUBLIC_SITE_URL: siteUrl, PUBLIC_API_URL: apiUrl, PAYLOAD_KEYS: keys } = config;
    return {
      module: SendEmailModule,
      providers: [
        MailDelivery,
        { provide: Mailer, useFactory: () => mailerOf(config) },
        { provide: SiteLinks, useValue: new SiteLinks(siteUrl) },
        { provide: UnsubscribeLinks, useValue: new UnsubscribeLinks(apiUrl || siteUrl, keys) },
      ],
    };
  }
}

function mailerOf(config: EmailConfig): Mailer {
  return new Mailer({
    smtpUrl: config.SMTP_URL,
    from: config.MAIL_FROM,
    connections: config.SMTP_CONNECTIONS,
    mailsPerConnection: config.SMTP_MAILS_PER_CONNECTION,
    dkim: dkimOf(config),
  });
}
