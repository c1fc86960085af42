import { Module, type DynamicModule } from '@nestjs/common';
import type { EmailConfig } from '../config.js';
import { Mailer } from '../mailer/index.js';
import { SiteLinks } from '../templates/index.js';
import { SendEmailController } from './send-email.controller.js';

@Module({ controllers: [SendEmailController] })
export class SendEmailModule {
  static forRoot(config: EmailConfig): DynamicModule {
    const { SMTP_URL: smtpUrl, MAIL_FROM: from, SMTP_CONNECTIONS: connections } = config;
    return {
      module: SendEmailModule,
      providers: [
        { provide: Mailer, useFactory: () => new Mailer({ smtpUrl, from, connections }) },
        { provide: SiteLinks, useValue: new SiteLinks(config.PUBLIC_SITE_URL) },
      ],
    };
  }
}
